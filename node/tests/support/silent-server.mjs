// A server that takes a request and does not answer it, so that a test sees what becomes of the connection.

import { once } from "node:events";
import { createServer } from "node:http";

export async function silentServer(t) {
    const server = createServer(() => {});
    const connection = once(server, "connection").then(([socket]) => socket);
    const asked = once(server, "request");
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => {
        server.closeAllConnections();
        server.close();
    });
    return { url: `http://127.0.0.1:${server.address().port}`, asked, connection };
}
