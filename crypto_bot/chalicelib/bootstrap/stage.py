"""A stage's name -> its Settings, for a machine of the owner's that works on its stores."""

from dataclasses import replace
from pathlib import Path

import chalicelib
from chalicelib import bootstrap
from chalicelib.adapters.chalice_project import ChaliceProject
from chalicelib.adapters.secrets.secrets_manager import PARAMETER_PREFIX, Bounds
from chalicelib.domain.errors import SettingsError
from chalicelib.settings import Settings, Stage, read_environment


def project_folder() -> Path:
    """Of the project that this program is part of, or the one that CRYPTO_BOT_PROJECT names."""
    return read_environment().project or Path(chalicelib.__file__).parents[1]


def project() -> ChaliceProject:
    """What is configured there."""
    return ChaliceProject(project_folder())


def stage_settings(stage: Stage) -> Settings:
    """As the stage's own functions read them; SettingsError where it is not configured.

    A host on AWS has no project: there the environment itself says which stage it is.
    """
    mine = read_environment()
    configured = project().environment(stage)
    if configured.get("TABLE_NAME"):
        return _of_functions(configured, stage, mine)
    if mine.stage is stage and mine.is_deployed:
        return mine
    raise SettingsError(
        f"stage {stage} is not configured here: make configure STAGE={stage} writes it into "
        "crypto_bot/.chalice/config.json; a machine without the project needs CRYPTO_BOT_STAGE, "
        "TABLE_NAME and CRYPTO_BOT_REGION"
    )


def _of_functions(configured: dict[str, str], stage: Stage, mine: Settings) -> Settings:
    """Nothing that trades comes from the owner's own shell, which may mean another stage."""
    settings = Settings.from_environment(configured)
    if settings.stage is not stage:
        raise SettingsError(
            f"stages.{stage} of config.json has CRYPTO_BOT_STAGE = {settings.stage}; it must be "
            f"{stage}: make configure STAGE={stage} mends it"
        )
    return replace(settings, home=mine.home, log_level=mine.log_level)


def work_on(stage: Stage) -> None:
    """From now on every store is that stage's, reached with the caller's own credentials."""
    settings = stage_settings(stage)
    configured = project().environment(stage)
    bootstrap.use(
        replace(
            bootstrap.choices(),
            settings=settings,
            home=None,
            from_outside=True,
            # A host has no project: there its own environment is the stage's.
            environment=configured if configured.get("TABLE_NAME") else None,
        )
    )


def api_url() -> str:
    """The address of the stage's API; before it is deployed, with a word to be replaced."""
    settings = bootstrap.settings()
    usual = f"https://API-ID.execute-api.{settings.region}.amazonaws.com/{settings.stage}"
    return project().deployed_url(settings.stage) or usual


def secret_bounds(settings: Settings) -> Bounds:
    """What the stage's functions may read; a stage that Terraform did not make has no bounds."""
    prefixes = []
    if settings.secret_prefix:
        prefixes.append(settings.secret_prefix)
    if settings.parameter_prefix:
        prefixes.append(f"{PARAMETER_PREFIX}{settings.parameter_prefix}")
    return Bounds(prefixes=tuple(prefixes), besides=(settings.secret_name, settings.table_secret))
