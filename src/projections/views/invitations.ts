import type { JsonObject } from '../../domain/event.ts';
import { InvitationExpired, InvitationIssued, InvitationRedeemed, InvitationRevoked } from '../../domain/invitation.ts';
import type { Role } from '../../domain/principal.ts';
import { view } from '../view.ts';
import { type SealedJson, sealedJson } from './conversations.ts';

/** An invitation. Whom it is for stays sealed, and is gone once it is over. */
export interface InvitationDoc extends JsonObject {
  state: 'open' | 'redeemed' | 'revoked' | 'expired';
  origin: string;
  roles: Role[];
  addressed: boolean;
  issuedAt: string;
  issuedBy: string;
  expiresAt: string;
  endedAt: string | null;
  /** Who redeemed it. */
  person: string | null;
  about: SealedJson;
}

const types = [InvitationIssued, InvitationRedeemed, InvitationRevoked, InvitationExpired] as const;

export const invitationList = view<InvitationDoc, (typeof types)[number]>({
  name: 'invitations',
  version: 1,
  types,
  indexes: [['issuedAt'], ['state', 'issuedAt'], ['state', 'expiresAt']],
  keys: ({ data }) => [data.invitationId],
  fold: (doc, event) => {
    const { time, actor } = event.metadata;
    if (event.type === 'InvitationIssued') {
      const { origin, roles, addressed, expiresAt, sealed } = event.data;
      const over = { endedAt: null, person: null };
      return { state: 'open', origin, roles, addressed, issuedAt: time, issuedBy: actor, expiresAt, ...over, about: sealedJson(sealed) };
    }
    if (!doc) return undefined;
    switch (event.type) {
      case 'InvitationRedeemed':
        return { ...doc, state: 'redeemed', endedAt: time, person: event.data.person };
      case 'InvitationRevoked':
        return { ...doc, state: 'revoked', endedAt: time };
      case 'InvitationExpired':
        return { ...doc, state: 'expired', endedAt: time };
      default:
        event satisfies never;
        return undefined;
    }
  },
});
