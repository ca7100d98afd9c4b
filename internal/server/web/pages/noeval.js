// The page's policy forbids compiling code from text. Knockout, which CesiumJS carries for widgets that this page does not use, does so
// once while it loads: eval("this"), to find the global object. It gets the answer without; everything else still meets the policy.
const { eval: compile } = globalThis;
globalThis.eval = (text) => (text === 'this' ? globalThis : compile(text));
