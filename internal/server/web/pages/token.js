// A token in the page's own address (?access_token=...) goes with everything that the page asks of this server, and with every link to another page of it.
const NAME = 'access_token';
const token = new URLSearchParams(location.search).get(NAME);

/** withToken returns an address of this server with the page's token, if there is one. What stands in braces, as in a template of tiles, stays as it is. */
export function withToken(address) {
  const text = String(address);
  if (!token || new RegExp(`[?&]${NAME}=`).test(text)) return text;
  const at = text.includes('#') ? text.indexOf('#') : text.length;
  const head = text.slice(0, at);
  return `${head}${head.includes('?') ? '&' : '?'}${NAME}=${encodeURIComponent(token)}${text.slice(at)}`;
}

/** ask is fetch with the page's token. */
export const ask = (address, init) => fetch(withToken(address), init);

/** keepToken gives the token to the links that the page came with. */
export function keepToken() {
  for (const a of document.querySelectorAll('a[href]')) a.setAttribute('href', withToken(a.getAttribute('href')));
}
