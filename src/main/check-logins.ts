import { createProvider, type ProviderConfig, ProviderUnavailable } from '../api/http/login/provider.ts';
import { type Finding, fine, problem } from './finding.ts';

/** Whether each provider answers as one does, under the issuer that is set. Nobody is logged in. */
export function checkLogins(providers: readonly ProviderConfig[]): Promise<readonly Finding[]> {
  return Promise.all(providers.map(ofProvider));
}

async function ofProvider(config: ProviderConfig): Promise<Finding> {
  const { label, issuer } = config;
  try {
    const { authorization_endpoint: begin } = (await createProvider(config).configuration()).serverMetadata();
    return begin === undefined
      ? problem(`${label} has no page to log in at (${issuer}): it is another kind of server.`)
      : fine(`${label} answers under ${issuer}.`);
  } catch (error) {
    if (!(error instanceof ProviderUnavailable)) throw error;
    return problem(
      `${error.message}: look whether ${issuer.replace(/\/$/, '')}/.well-known/openid-configuration can be reached and names that very issuer.`,
    );
  }
}
