// Jest with jsdom selects `browser` and `require`, although it runs in Node.

// Under another name, so that no bundler follows its `require`.
const thisModule = module;

export = globalThis.process?.versions?.node === undefined ? require("./edge.js") : thisModule.require("./testing.js");
