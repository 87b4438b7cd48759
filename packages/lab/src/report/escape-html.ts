/** A text as it is shown in a page: what an app has said is never taken for markup, and what a page cannot hold is marked. */
export function escapeHtml(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]|\p{Cs}|[\p{NChar}]/gu, "\ufffd")
    .replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
