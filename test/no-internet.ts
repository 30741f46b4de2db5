/** Unit tests never reach beyond this machine: a fetch to anything but loopback fails at once. */
const realFetch = globalThis.fetch;

globalThis.fetch = (input, init) => {
  const url = new URL(input instanceof Request ? input.url : input);
  if (!['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)) {
    return Promise.reject(new Error(`A test tried to reach ${url.host}: start a server on port 0 instead`));
  }
  return realFetch(input, init);
};
