// The page and its endpoints. `host` is the domain name that people see in the address bar: the SMS ends with a line that
// binds the code to it. `script` is page.jsx, bundled.

import { withOrigin } from "egoi-verify";
import { verificationRouter } from "egoi-verify/express";
import express from "express";

const PAGE = `<!doctype html>
<html lang="en">
  <meta charset="utf-8" />
  <meta name="viewport" content="width=device-width" />
  <title>Sign up</title>
  <div id="root"></div>
  <script type="module" src="/page.js"></script>
</html>`;

export function site(verifier, host, script, verified) {
    const app = express();
    const session = {}; // One visitor: yours have a session each, for example of express-session.
    const message = withOrigin("{CODE} is your code for our shop.", host);
    app.get("/", (_request, response) => response.type("html").send(PAGE));
    app.get("/page.js", (_request, response) => response.type("js").send(script));
    app.use("/phone", verificationRouter(verifier, { session: () => session, message, verified }));
    return app;
}
