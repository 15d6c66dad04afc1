/**
 * How each type of event appears in the export of the person whose data it is: with everything that was sealed in it, without some of that, or only with
 * what stands in the clear, for a reason. Texts that are encrypted once more are never in it. A type that is not here appears with what stands in the clear.
 */
export type ExportRule = 'whole' | { readonly without: readonly string[]; readonly because: string } | { readonly clear: string };

const all = (...types: string[]): Record<string, ExportRule> => Object.fromEntries(types.map((type) => [type, 'whole']));

export const exportRules: Readonly<Record<string, ExportRule>> = {
  ...all(
    'ConversationStarted',
    'ConversationRenamed',
    'ConversationTitled',
    'ConversationMetadataSet',
    'ConversationTouched',
    'ConversationArchived',
  ),
  ...all('ConversationUnarchived', 'ConversationTrashed', 'ConversationRestored', 'ConversationDeleted', 'ConversationRetentionSet'),
  ...all('ConversationImported', 'ConversationImportCompleted'),
  ...all('MessageSent', 'MessageContentReplaced', 'MessageAdopted', 'BranchChosen', 'FeedbackGiven', 'ReplyRequested', 'ReplySettled'),
  ...all('RunStarted', 'ModelCallStarted', 'StepCompleted', 'ToolCallStarted', 'ToolCallEnded', 'ApprovalAnswered', 'RunResumed', 'StopRequested'),
  ...all('RunEnded', 'PromptMasked', 'TitleCallStarted', 'TitleCallEnded'),
  ...all('FileReserved', 'FileUploaded', 'FileDeleted'),
  ...all('AnonymousClaimed', 'TokenCreated', 'TokenRevoked', 'PersonRegistered', 'ProfileChanged', 'RolesChanged', 'PersonDisabled', 'PersonEnabled'),
  ...all('SignedOutEverywhere', 'AccessRefused', 'OthersDataRead', 'ClientReported', 'ClientReportsErased'),
  ...all(
    'ProviderKeyRegistered',
    'ProviderKeyDescribed',
    'ProviderKeyScopesChanged',
    'ProviderKeyRotationSet',
    'ProviderKeyRotated',
    'ProviderKeyGraceEnded',
    'ProviderKeyRemoved',
    'ProviderKeyUsed',
  ),
  ...all('MaskedWordsChanged', 'ConversationMaskingChanged', 'PlaceholdersAssigned', 'MaskingPolicyChanged', 'RetentionPolicyChanged'),
  ...all('JobRequested', 'JobTakenUp', 'JobProgressed', 'JobEnded', 'ExportRemoved'),
  ...all('PersonErased', 'ProcessingRestrictionSet', 'AnalyticsObjectionSet', 'SessionsEnded', 'SessionUsed', 'SessionEnded'),
  ...all('IdentityOpened', 'IdentityReleased', 'LoginAdded', 'LoginRemoved', 'FirstAdministratorAppointed', 'SecurityNoted'),
  ...all('ConversationShared', 'ConversationUnshared', 'FileShared', 'FileUnshared', 'ResourceShared', 'ResourceUnshared'),
  ...all('PermissionGranted', 'PermissionRevoked', 'RoleDefined', 'RoleDescribed', 'RolePermissionsChanged', 'RoleRemoved', 'ModelAccessSet'),
  ...all('McpServerRegistered', 'McpServerChanged', 'McpServerSwitched', 'McpServerShared', 'McpServerRemoved', 'McpServerPolicySet'),
  ...all('McpRefreshRequested', 'McpContractObserved', 'McpToolApproved', 'McpToolsChosen', 'McpToolPolicySet'),
  ...all('McpLoginAnswered', 'McpLoginFailed', 'McpAccessGranted', 'McpRefreshBegun', 'McpRefreshFailed', 'McpAccessRefreshed'),
  ...all('McpAccessLost', 'McpAccessRevoked', 'ToolInputRequested', 'ToolInputAnswered'),
  ...all('McpServerFromCatalogue', 'McpRequirementsSet', 'McpUpdatesSet', 'McpReleasesWanted', 'McpContractTaken'),
  ...all('McpReleasesFound', 'McpReleasesUnknown', 'McpUpdateRequested', 'McpReleaseInstalled', 'McpUpdateCompared', 'McpUpdateTried'),
  ...all('McpUpdateHeld', 'McpUpdateApproved', 'McpReleaseSwapped', 'McpUpdateEnded', 'McpReleaseRolledBack'),
  ...all('InvitationIssued', 'InvitationRedeemed', 'AccountPromised', 'InvitationRevoked', 'InvitationExpired'),
  ...all('PasswordSet', 'PasswordResetOpened', 'PasswordResetAsked', 'AttemptMade', 'AttemptForgiven'),
  ...all('MailQueued', 'MailStarted', 'MailSent', 'MailFailed', 'AlertRaised', 'AlertAcknowledged'),
  ...all('PromptCreated', 'PromptRevised', 'PromptRolledBack', 'PromptRenamed', 'PromptPinned', 'PromptVisibilitySet'),
  ...all('PromptArchived', 'PromptUnarchived', 'PromptDeleted', 'PromptUsed'),
  SessionOpened: { without: ['proof'], because: 'It is what a session is recognised by.' },
  SessionRenewed: { without: ['proof'], because: 'It is what a session is recognised by.' },
  McpLoginBegun: { without: ['stateTag'], because: 'It is what the answer to a login is recognised by.' },
  AnonymousRefusalsCounted: { clear: 'It counts what strangers were refused, and is about nobody.' },
  AccessRecordsErased: { clear: 'It says which day’s records are over, and nothing else.' },
  SecurityDayClosed: { clear: 'It is about the server’s own work, and about nobody.' },
  ReactionParked: { clear: 'It is about the server’s own work, and has nothing that was sealed.' },
  ReactionSkipped: { clear: 'It is about the server’s own work, and has nothing that was sealed.' },
  ReactionUnparked: { clear: 'It is about the server’s own work, and has nothing that was sealed.' },
};
