// Linked into test programs for Node.js: getenv sees the environment of the process instead of Emscripten's made-up one.
Module['preRun'] = () => {
  if (typeof ENV !== 'undefined') Object.assign(ENV, process.env);
};
