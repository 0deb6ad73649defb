// Fakes that are there before the library is loaded.

const sinon = require("sinon");

const clock = sinon.useFakeTimers();
const [library, testing] = [require("egoi-verify"), require("egoi-verify/testing")];
const makeCalls = require("./calls.cjs");

makeCalls(library, testing).then(async () => {
    clock.restore();
    await makeCalls(library, testing);
    console.log("Sinon's fake timers before the library, and real ones again");
});
