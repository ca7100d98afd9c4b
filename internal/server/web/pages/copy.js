/**
 * copyText puts text on the clipboard and tells whether it could. Browsers give the clipboard to https and localhost only; elsewhere
 * the old command copies a selection, and if that fails too the selection stays for the reader's own Ctrl+C.
 */
export async function copyText(text, shownIn) {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch { /* refused: use the selection */ }
  }
  getSelection().selectAllChildren(shownIn);
  return document.execCommand('copy');
}
