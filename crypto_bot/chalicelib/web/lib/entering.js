// Trying a token: what the program says it may do.
import { get } from "lib/api.js";
import { begin, forget, keep } from "lib/session.js";

const SENDABLE = /^[\x21-\x7e]+$/;  // a header carries nothing else

export async function enter(text) {
  if (!SENDABLE.test(text)) {
    forget();
    throw new Error("The token has a character that no token has: it is Latin letters, digits and signs, without spaces or curly quotes.");
  }
  keep(text);
  const holder = await get("/me");
  begin(holder.role);
}
