import { expect, test } from 'vitest';
import type { AnyCommand, PolicyRequest } from '../../src/commands/command.ts';
import { commands } from '../../src/commands/index.ts';
import { annals } from '../../src/commands/settle-active-run.ts';
import { conversations } from '../../src/domain/conversation/index.ts';
import type { Principal } from '../../src/domain/principal.ts';
import { queries } from '../../src/projections/queries/index.ts';
import { topics } from '../../src/projections/topics.ts';
import { administrator, person } from '../harness/memory-annals.ts';

const all = Object.entries(commands) as [string, AnyCommand][];
const [ada, bob, visitor] = [person('ada'), person('bob'), person('visitor', 'anonymous')];

test.each(all)('the command %s has a policy, and a name of its own', (name, { commandName, policy }) => {
  expect(commandName).toBe(name);
  expect(policy).toBeTypeOf('function');
});

test('every query and every topic has a policy', () => {
  const without = Object.entries(queries).filter(([, { policy }]) => typeof policy !== 'function');
  expect(without.map(([name]) => name)).toEqual([]);
  expect(Object.values(topics).every(({ policy }) => policy !== undefined)).toBe(true);
  expect(Object.keys(queries).length).toBeGreaterThan(5);
});

/** Who may do what with a thing of Ada's: every command stands in one of these lists, so that a new one has to be put into one. */
const everybody = ['startConversation', 'reserveFile', 'reportClient'];
const owners = [
  'archiveConversation',
  'unarchiveConversation',
  'trashConversation',
  'restoreConversation',
  'deleteConversation',
  'renameConversation',
  'setConversationMetadata',
  'touchConversation',
  'sendMessage',
  'requestReply',
  'appendMessage',
  'replaceMessageContent',
  'adoptMessage',
  'chooseBranch',
  'giveFeedback',
  'stopRun',
  'answerApproval',
  'answerToolInput',
  'provideToolOutput',
  'uploadFile',
  'deleteFile',
  'changeProviderKey',
  'rotateProviderKey',
  'removeProviderKey',
  'setConversationMasking',
  'setConversationRetention',
  'revisePrompt',
  'rollBackPrompt',
  'renamePrompt',
  'pinPrompt',
  'archivePrompt',
  'unarchivePrompt',
  'deletePrompt',
  'changeMcpServer',
  'switchMcpServer',
  'shareMcpServer',
  'removeMcpServer',
  'setMcpServerPolicy',
  'refreshMcpServer',
  'approveMcpTool',
  'takeMcpContract',
  'setMcpRequirements',
  'requestMcpUpdate',
  'approveMcpUpdate',
  'dismissMcpUpdate',
  'rollBackMcpRelease',
  'setMcpUpdates',
  'lookUpMcpReleases',
];
const administrators = [
  'registerPerson',
  'changeRoles',
  'disablePerson',
  'enablePerson',
  'unparkReaction',
  'changeMaskingPolicy',
  'changeRetentionPolicy',
  'acknowledgeAlert',
  'issueInvitation',
  'revokeInvitation',
  'openPasswordReset',
  'handOverMail',
  'setPromptVisibility',
];
const givers = ['grantPermission', 'revokePermission', 'defineRole', 'changeRole', 'removeRole', 'setModelAccess'];
const sharers = ['shareConversation', 'unshareConversation', 'shareFile', 'unshareFile', 'shareResource', 'unshareResource'];
/** About Ada herself. */
const oneself = [
  'changeProfile',
  'signOutEverywhere',
  'createToken',
  'revokeToken',
  'requestJob',
  'cancelJob',
  'erasePerson',
  'restrictProcessing',
  'objectToAnalytics',
  'endSession',
  'endSessions',
];
const annalsAlone = [
  'titleConversation',
  'settleReply',
  'startRun',
  'retryModelCall',
  'startStep',
  'completeStep',
  'startToolCall',
  'endToolCall',
  'requestToolInput',
  'resumeRun',
  'endRun',
  'expireRun',
  'startTitleCall',
  'endTitleCall',
  'parkReaction',
  'skipReaction',
  'endKeyGrace',
  'recordProviderKeyUse',
  'recordPromptUse',
  'observeMcpContract',
  'failMcpLogin',
  'grantMcpAccess',
  'beginMcpRefresh',
  'failMcpRefresh',
  'refreshMcpAccess',
  'loseMcpAccess',
  'noteMcpReleases',
  'noteMcpReleasesUnknown',
  'recordMcpInstall',
  'recordMcpComparison',
  'recordMcpTrial',
  'decideMcpUpdate',
  'endMcpUpdate',
  'undoMcpUpdate',
  'raiseAlert',
  'expireInvitation',
  'redeemInvitation',
  'setFirstPassword',
  'resetPassword',
  'askPasswordReset',
  'makeAttempt',
  'forgiveAttempt',
  'queueMail',
  'startMail',
  'endMail',
  'assignPlaceholders',
  'recordMasking',
  'eraseReports',
  'eraseAccessRecords',
  'closeSecurityDay',
  'importConversation',
  'importMessages',
  'completeImport',
  'importRun',
  'importFile',
  'removeExport',
  'takeUpJob',
  'progressJob',
  'endJob',
  'startSession',
  'recordSessionUse',
  'renewSession',
  'openIdentity',
  'releaseIdentity',
  'addLogin',
  'appointFirstAdministrator',
  'claimLocal',
];
/** Ada, and nobody in her place. */
const onlyOneself = ['changePassword'];
const claimers = [
  'setMaskedWords',
  'registerProviderKey',
  'claimAnonymous',
  'registerMcpServer',
  'addFromMcpCatalogue',
  'chooseMcpTools',
  'setMcpToolPolicy',
  'beginMcpLogin',
  'answerMcpLogin',
  'revokeMcpAccess',
  'createPrompt',
];
/** Not even for administrators. */
const herselfAlone = ['removeLogin'];

test.each(all)('%s is allowed to those who may, and to nobody else', (name, { policy, within, needs }) => {
  const state = within ? { ...conversations.initialState(), runs: new Map([['run_1', {}]]) } : null;
  const asked = (principal: Principal, owner: Principal | undefined = ada) => {
    const permission = { action: 'view', resource: 'conversation', condition: 'own' };
    const input = {
      runId: 'run_1',
      by: principal.id,
      anonymous: visitor.id,
      person: ada.id,
      kind: 'assistant',
      permission,
      permissions: [permission],
    };
    return policy({ principal, input, state, owner: owner?.id, needs } as PolicyRequest<unknown, unknown>) === 'allow';
  };
  const allowed = {
    owner: asked(ada),
    other: asked(bob),
    visitor: asked(visitor),
    administrator: asked(administrator),
    annals: asked(annals(ada.id)),
    owned: asked(visitor, visitor),
  };
  const nobody = { owner: false, other: false, visitor: false, administrator: false, annals: true, owned: false };
  const groups: [string[], typeof allowed][] = [
    [everybody, { owner: true, other: true, visitor: true, administrator: true, annals: true, owned: true }],
    [owners, { ...nobody, owner: true, owned: true }],
    [administrators, { ...nobody, administrator: true }],
    [oneself, { ...nobody, owner: true, administrator: true }],
    [annalsAlone, nobody],
    [onlyOneself, { ...nobody, owner: true }],
    [herselfAlone, { ...nobody, owner: true }],
    [givers, { ...nobody, administrator: true }],
    [sharers, { ...nobody, owner: true }],
    [claimers, { owner: true, other: true, visitor: false, administrator: true, annals: true, owned: false }],
  ];
  const [group] = groups.filter(([names]) => names.includes(name));
  expect(group?.[1], `${name} stands in no list`).toBeDefined();
  expect(allowed).toEqual(group?.[1]);
});
