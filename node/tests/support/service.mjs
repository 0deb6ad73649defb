// A service that answers whatever a test wants it to.

import { once } from "node:events";
import { createServer } from "node:http";

export async function service(t, answer) {
    const asked = [];
    const server = createServer((request, response) => {
        let body = "";
        request.on("data", (part) => (body += part));
        request.on("end", () => {
            asked.push({ method: request.method, path: request.url, headers: request.headers, body });
            const { status = 200, headers = {}, json } = answer(asked.at(-1));
            response.writeHead(status, { "Content-Type": "application/json", ...headers }).end(JSON.stringify(json));
        });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => {
        server.closeAllConnections();
        server.close();
    });
    return { url: `http://127.0.0.1:${server.address().port}`, asked };
}
