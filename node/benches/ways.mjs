// The same call by each library: one read over V2, with the key in a header, and the answer as a value. Each loads what it
// needs alone, and has connections of its own, which are kept. The server's certificate is believed by NODE_EXTRA_CA_CERTS,
// and in ours by an option.

export const ID = "9a7c0de1f2b34455a6b7c8d9e0f10213";
const KEY = "0123456789abcdef0123456789abcdef01234567";
const headers = { apikey: KEY, accept: "application/json" };

export const ways = {
    async "egoi-verify"(base, pem) {
        const { Client } = await import("egoi-verify");
        const client = new Client({ apiKey: KEY, sender: "1234", baseUrl: base, caCertificates: pem });
        return () => client.get(ID);
    },
    async fetch(base) {
        return async () => (await fetch(`${base}/v2/verify/${ID}`, { headers })).json();
    },
    async "undici.request"(base) {
        const { request } = await import("undici");
        return async () => (await request(`${base}/v2/verify/${ID}`, { headers })).body.json();
    },
    async "node:http"(base) {
        const of = base.startsWith("https") ? await import("node:https") : await import("node:http");
        const agent = new of.Agent({ keepAlive: true });
        return () =>
            new Promise((resolve, reject) => {
                const request = of.get(`${base}/v2/verify/${ID}`, { agent, headers }, (response) => {
                    let text = "";
                    response.setEncoding("utf8");
                    response.on("data", (part) => (text += part));
                    response.on("end", () => resolve(JSON.parse(text)));
                });
                request.on("error", reject);
            });
    },
    async axios(base) {
        const [{ default: axios }, http, https] = [
            await import("axios"),
            await import("node:http"),
            await import("node:https"),
        ];
        const client = axios.create({
            httpAgent: new http.Agent({ keepAlive: true }),
            httpsAgent: new https.Agent({ keepAlive: true }),
            proxy: false,
            headers,
        });
        return async () => (await client.get(`${base}/v2/verify/${ID}`)).data;
    },
};
