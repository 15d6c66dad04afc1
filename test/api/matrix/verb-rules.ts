import type { Need } from '../../../src/domain/permission.ts';
import { type Answer, expected, ofOwner, type Rule, type Visitor } from './rules.ts';
import { type Comer, madeRoles } from './world.ts';

/**
 * Who may tell a command, ask a query or follow a topic, by what it is about: as for routes, and besides
 * - `self`: about oneself, so no permission is needed, but a name; `annals`: only parts of Annals itself.
 * What is otherwise for some visitor stands at the end.
 */
export type VerbRule = readonly [
  who: Exclude<Rule[0], 'everybody' | 'signed'> | 'self' | 'annals',
  otherwise?: Readonly<Partial<Record<Comer, Answer>>>,
];

const unmanaged = { sharedView: 404, sharedEdit: 404, viewerManages: 404 } as const;
const noHeads = { auditor: 404, administrator: 404, supervisor: 404 } as const;
/** Who has a made role only is refused what needs the right to all of one's own. */
const notMade = { reader: 403, maker: 403, supervisor: 403 } as const;
/** What is about oneself is everybody's who has a name. */
const evenMade = { reader: 'in', maker: 'in', supervisor: 'in' } as const;
const ownToken: VerbRule = ['oneself', { ownerWrites: 403 }];

export const commandRules: Readonly<Record<string, VerbRule>> = {
  startConversation: ['anyone'],
  archiveConversation: ['keep'],
  unarchiveConversation: ['keep'],
  trashConversation: ['keep'],
  restoreConversation: ['keep'],
  deleteConversation: ['keep'],
  renameConversation: ['manage'],
  titleConversation: ['annals'],
  setConversationMetadata: ['keep'],
  touchConversation: ['keep'],
  sendMessage: ['edit'],
  requestReply: ['edit'],
  appendMessage: ['edit'],
  // The message is the owner's: others write messages of their own.
  replaceMessageContent: ['keep'],
  adoptMessage: ['edit'],
  chooseBranch: ['edit'],
  giveFeedback: ['edit'],
  settleReply: ['annals'],
  shareConversation: ['manage'],
  unshareConversation: ['manage'],

  startRun: ['annals'],
  retryModelCall: ['annals'],
  startStep: ['annals'],
  completeStep: ['annals'],
  startToolCall: ['annals'],
  endToolCall: ['annals'],
  resumeRun: ['annals'],
  endRun: ['annals'],
  expireRun: ['annals'],
  stopRun: ['edit'],
  // The owner asked.
  answerApproval: ['keep'],
  answerToolInput: ['keep'],
  requestToolInput: ['annals'],
  provideToolOutput: ['edit'],
  startTitleCall: ['annals'],
  endTitleCall: ['annals'],

  reserveFile: ['anyone'],
  uploadFile: ['keep'],
  deleteFile: ['keep'],
  shareFile: ['manage'],
  unshareFile: ['manage'],
  shareResource: ['manage'],
  unshareResource: ['manage'],

  claimAnonymous: ['self'],
  createToken: ownToken,
  revokeToken: ownToken,
  registerPerson: ['administrators'],
  changeProfile: ['oneself'],
  changeRoles: ['administrators'],
  grantPermission: ['administrators'],
  revokePermission: ['administrators'],
  disablePerson: ['administrators'],
  enablePerson: ['administrators'],
  signOutEverywhere: ['oneself'],
  reportClient: ['anyone'],
  defineRole: ['administrators'],
  changeRole: ['administrators'],
  removeRole: ['administrators'],
  setModelAccess: ['administrators'],

  registerProviderKey: ['named'],
  changeProviderKey: ['own'],
  rotateProviderKey: ['own'],
  removeProviderKey: ['own'],
  endKeyGrace: ['annals'],
  recordProviderKeyUse: ['annals'],

  setConversationRetention: ['keep'],
  setConversationMasking: ['own'],
  recordMasking: ['annals'],
  importFile: ['annals'],
  endSession: ownToken,
  endSessions: ownToken,
  erasePerson: ownToken,
  eraseReports: ['annals'],
  eraseAccessRecords: ['annals'],
  closeSecurityDay: ['annals'],
  objectToAnalytics: ['oneself'],
  restrictProcessing: ['oneself'],
  acknowledgeAlert: ['administrators'],
  raiseAlert: ['annals'],
  recordSessionUse: ['annals'],
  renewSession: ['annals'],
  startSession: ['annals'],
  askPasswordReset: ['annals'],
  changePassword: ['own', { ownerWrites: 404 }],
  expireInvitation: ['annals'],
  forgiveAttempt: ['annals'],
  issueInvitation: ['administrators'],
  makeAttempt: ['annals'],
  openPasswordReset: ['administrators'],
  redeemInvitation: ['annals'],
  resetPassword: ['annals'],
  revokeInvitation: ['administrators'],
  setFirstPassword: ['annals'],
  openIdentity: ['annals'],
  releaseIdentity: ['annals'],
  addLogin: ['annals'],
  removeLogin: ['own', { ownerWrites: 403 }],
  appointFirstAdministrator: ['annals'],
  claimLocal: ['administrators', { administrator: 403 }],
  endMail: ['annals'],
  queueMail: ['annals'],
  startMail: ['annals'],
  cancelJob: ['oneself'],
  endJob: ['annals'],
  progressJob: ['annals'],
  requestJob: ownToken,
  takeUpJob: ['annals'],
  completeImport: ['annals'],
  importConversation: ['annals'],
  importMessages: ['annals'],
  importRun: ['annals'],
  removeExport: ['annals'],
  assignPlaceholders: ['annals'],
  changeMaskingPolicy: ['administrators'],
  setMaskedWords: ['named'],
  changeRetentionPolicy: ['administrators'],
  // Nothing has been seen of this server yet.
  answerMcpLogin: ['named'],
  beginMcpLogin: ['named'],
  beginMcpRefresh: ['annals'],
  failMcpLogin: ['annals'],
  failMcpRefresh: ['annals'],
  grantMcpAccess: ['annals'],
  loseMcpAccess: ['annals'],
  refreshMcpAccess: ['annals'],
  revokeMcpAccess: ['named'],
  approveMcpTool: ['own', { owner: 404, ownerWrites: 404 }],
  takeMcpContract: ['own', { owner: 404, ownerWrites: 404 }],
  setMcpRequirements: ['own'],
  setMcpUpdates: ['own'],
  lookUpMcpReleases: ['own'],
  noteMcpReleases: ['annals'],
  noteMcpReleasesUnknown: ['annals'],
  recordMcpInstall: ['annals'],
  recordMcpComparison: ['annals'],
  recordMcpTrial: ['annals'],
  decideMcpUpdate: ['annals'],
  endMcpUpdate: ['annals'],
  undoMcpUpdate: ['annals'],
  requestMcpUpdate: ['own', { owner: 404, ownerWrites: 404 }],
  approveMcpUpdate: ['own', { owner: 404, ownerWrites: 404 }],
  dismissMcpUpdate: ['own', { owner: 404, ownerWrites: 404 }],
  rollBackMcpRelease: ['own', { owner: 404, ownerWrites: 404 }],
  changeMcpServer: ['own'],
  chooseMcpTools: ['named'],
  observeMcpContract: ['annals'],
  refreshMcpServer: ['own'],
  registerMcpServer: ['named'],
  addFromMcpCatalogue: ['named'],
  removeMcpServer: ['own'],
  setMcpServerPolicy: ['own'],
  setMcpToolPolicy: ['named'],
  shareMcpServer: ['own'],
  switchMcpServer: ['own'],
  archivePrompt: ['own'],
  createPrompt: ['named'],
  deletePrompt: ['own'],
  pinPrompt: ['own'],
  recordPromptUse: ['annals'],
  renamePrompt: ['own'],
  revisePrompt: ['own'],
  rollBackPrompt: ['own'],
  setPromptVisibility: ['administrators'],
  unarchivePrompt: ['own'],

  parkReaction: ['annals'],
  skipReaction: ['annals'],
  unparkReaction: ['administrators'],
};

export const queryRules: Readonly<Record<string, VerbRule>> = {
  listConversations: ['anyone'],
  getConversation: ['view'],
  countConversations: ['own'],
  listMessages: ['view'],
  getMessage: ['view'],
  getRun: ['view'],
  listRuns: ['view'],
  listConversationEvents: ['view'],
  getFile: ['view'],
  listFiles: ['anyone'],
  auiThreads: ['anyone'],
  auiProjectThreads: ['administrators'],
  auiThread: ['view'],
  auiMessages: ['view'],
  auiProjectMessages: ['administrators'],
  auiCandidates: ['view'],
  auiConversation: ['view'],
  auiRun: ['view'],
  auiRunPlace: ['view'],
  auiTitle: ['view'],
  auiFile: ['view'],
  listConversationShares: ['manage', unmanaged],
  listFileShares: ['manage', unmanaged],
  // Kinds of things that are asked about together need the permission to see all of one's own.
  listResourceShares: ['manage', { ...unmanaged, reader: 403, maker: 403, supervisor: 403 }],
  listSharedWithMe: ['anyone'],
  findPeople: ['self'],
  listRoles: ['self'],
  listModelAccess: ['administrators'],
  getOwnProfile: ['anyone'],
  listTokens: ['anyone'],
  listPeople: ['administrators'],
  getPerson: ['administrators'],
  getProviderKey: ['own'],
  listProviderKeys: ['anyone'],
  getInvitation: ['administrators'],
  listInvitations: ['administrators'],
  listMails: ['administrators'],
  comparePromptVersions: ['own', notMade],
  completePromptArgument: ['anyone'],
  expandPrompt: ['anyone'],
  getPrompt: ['own', notMade],
  getPromptVersion: ['own', notMade],
  listPromptVersions: ['own', notMade],
  listPrompts: ['anyone'],
  getMcpServer: ['own', notMade],
  listMcpServers: ['anyone', evenMade],
  getMcpToolChange: ['own', { ...notMade, owner: 404, ownerReads: 404 }],
  listMcpTools: ['anyone'],
  getMcpUpdates: ['own', notMade],
  listQuestions: ['anyone'],
  getMcpDependencies: ['anyone'],
  getMcpCompatibility: ['own', { ...notMade, owner: 404, ownerReads: 404 }],
  listApprovals: ['anyone'],
  listAlerts: ['auditors'],
  listSecurityEvents: ['auditors'],
  usageFigures: ['analysts'],
  usageRows: ['analysts'],
  getConversationMasking: ['view', notMade],
  getMaskedWords: ['anyone'],
  getMaskingPolicy: ['anyone'],
  getExport: ['own', notMade],
  listExports: ['anyone'],
  getConversationRetention: ['view', notMade],
  getRetentionPolicy: ['anyone'],
  listDueForDeletion: ['anyone'],
  getJob: ['oneself', notMade],
  listJobs: ['anyone', evenMade],
  getPrivacy: ['anyone', evenMade],
  hasOtherAdministrators: ['anyone'],
  listSessions: ['anyone', evenMade],
  listLogins: ['anyone'],
  listViews: ['administrators'],
  listParked: ['administrators'],
  listAudit: ['auditors'],
  listHeads: ['auditors', noHeads],
  proveInclusion: ['auditors', noHeads],
  proveConsistency: ['auditors', noHeads],
};

export const topicRules: Readonly<Record<string, VerbRule>> = {
  run: ['view'],
  feed: ['anyone'],
  security: ['auditors', { supervisor: 'in' }],
  prompts: ['anyone'],
};

/** Whoever has only a made role: which of its permissions answer to a need. */
function holds(comer: Comer, needs: Need | 'self' | undefined, overAll: boolean): boolean {
  if (needs === 'self') return !overAll;
  return (madeRoles[comer] ?? []).some(({ resource, action, condition }) => `${resource}.${action}` === needs && (!overAll || condition === 'all'));
}

export function expectedOf([who, otherwise]: VerbRule, kind: 'command' | 'query' | 'topic', needs: Need | 'self' | undefined, comer: Comer): Answer {
  const exception = otherwise?.[comer];
  if (exception !== undefined) return exception;
  const verb = kind === 'command' ? 'write' : 'read';
  if (comer !== 'reader' && comer !== 'maker' && comer !== 'supervisor') {
    if (who === 'annals') return expected(['own', verb], comer as Visitor) === 'in' ? 404 : expected(['own', verb], comer as Visitor);
    return expected([who === 'self' ? 'named' : who, verb], comer as Visitor);
  }
  if (kind === 'command' && comer === 'reader') return 403;
  if (who === 'self') return 'in';
  if (who === 'annals') return 404;
  if (who === 'administrators' || who === 'auditors' || who === 'analysts') return holds(comer, needs, true) ? 'in' : 403;
  if (kind === 'topic') return who === 'anyone' ? 'in' : 404;
  if (who === 'anyone' || who === 'named') return holds(comer, needs, false) ? 'in' : 403;
  if (kind === 'query' && who !== 'oneself' && needs !== undefined && !holds(comer, needs, false)) return 403;
  return ofOwner.has(who) ? 404 : 403;
}
