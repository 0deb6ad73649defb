// Calls of each kind, more than the library starts in one turn of the event loop.

const assert = require("node:assert/strict");

const NUMBER = "+351 910 000 000";

module.exports = async function makeCalls({ Engine }, { Sandbox }) {
    const sent = [];
    const engine = new Engine({ send: async (sms) => sent.push(sms.text) });
    const { id } = await engine.request(NUMBER, { message: "{CODE}" });
    for (let made = 0; made < 300; made += 1) {
        assert.equal((await engine.get(id)).state, "pending");
    }
    assert.equal(await engine.validate(id, sent[0]), "verified");

    const sandbox = await Sandbox.start();
    const client = sandbox.client();
    await Promise.all(Array.from({ length: 150 }, () => client.ping()));
    await client.request(NUMBER);
    await sandbox.waitForCode(NUMBER);
    await sandbox.close();
};
