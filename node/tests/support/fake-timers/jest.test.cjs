const makeCalls = require("./calls.cjs");

test("Jest's fake timers, and real ones again", async () => {
    jest.useFakeTimers();
    await makeCalls(require("egoi-verify"), require("egoi-verify/testing"));
    jest.useRealTimers();
    await makeCalls(require("egoi-verify"), require("egoi-verify/testing"));
});
