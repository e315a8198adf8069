// Everything is drawn in the browser: the hub serves one page and its API.
export const ssr = false;
export const prerender = false;
