"""What runs in a page: web/worker/engine.js starts it, in an interpreter of its own."""
