/** What the policy of a page (CSP) forbids this player there. Pure, but for `onViolation`. */

/**
 * The directive and what it blocked, as `connect-src http://pi:8080`, if that is ours: our server, our
 * style, or pictures as a blob. "" for what is somebody else's.
 *
 * @param {{effectiveDirective: string, blockedURI: string, disposition?: string}} violation
 * @param {{server: string, style: string}} ours  URLs
 */
export function forbiddenPart({ effectiveDirective, blockedURI, disposition }, { server, style }) {
  if (disposition === "report") return "";
  const [directive] = effectiveDirective.split(/-(?:elem|attr)$/);
  const isOurs = {
    "connect-src": hostOf(blockedURI) === hostOf(server),
    "media-src": blockedURI.startsWith("blob"),
    "style-src": blockedURI === style,
  }[directive];
  return isOurs ? `${directive} ${directive === "media-src" ? "blob:" : blockedURI}` : "";
}

function hostOf(url) {
  return URL.canParse(url) ? new URL(url).host : url;
}

/** Calls `told(part)` for each violation that is ours, until `signal` ends it. */
export function onViolation(ours, told, signal) {
  const heard = (event) => {
    const part = forbiddenPart(event, ours());
    if (part) told(part);
  };
  document.addEventListener("securitypolicyviolation", heard, { signal });
}
