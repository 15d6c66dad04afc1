/** Where authorization servers send browsers back to. */
export const LOGIN_CALLBACK = '/tool-servers/callback';
/** Where authorization servers that can read it there learn who Annals is. */
export const CLIENT_METADATA = '/tool-servers/client.json';

/** Who Annals is, for an authorization server (RFC 7591); a public client, because every person's login is bound by PKCE. */
export const loginClient = (redirectUrl: string) => ({
  client_name: 'Annals',
  redirect_uris: [redirectUrl],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
});
