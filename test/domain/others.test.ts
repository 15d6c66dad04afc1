import { describe, test } from 'vitest';
import { deleteFile, reserveFile, uploadFile } from '../../src/commands/file.ts';
import { claimAnonymous } from '../../src/commands/person.ts';
import { parkReaction, skipReaction, unparkReaction } from '../../src/commands/reaction.ts';
import { endTitleCall, startTitleCall } from '../../src/commands/title.ts';
import { FileDeleted, FileReserved, FileUploaded, files } from '../../src/domain/file.ts';
import type { ConversationId, FileId, PersonId } from '../../src/domain/ids.ts';
import { AnonymousClaimed, persons } from '../../src/domain/person.ts';
import { ReactionParked, ReactionSkipped, ReactionUnparked, reactions } from '../../src/domain/reaction.ts';
import { TitleCallEnded, TitleCallStarted, titles } from '../../src/domain/title.ts';
import { given } from '../harness/given.ts';

describe('a file', () => {
  const fileId = 'file-1' as FileId;
  const upload = { fileId, blobId: 'blob_1', key: 'key_1', size: 1, mediaType: 'text/plain' };
  const reserved = FileReserved({ fileId, filename: 'a.txt' });
  test('is reserved under a new name', () =>
    given(files)
      .when(reserveFile({ filename: 'a.txt' }))
      .then([FileReserved({ fileId: 'file-new0' as FileId, filename: 'a.txt' })]));
  test('is uploaded once', () => {
    given(files, [reserved])
      .when(uploadFile(upload))
      .then([FileUploaded(upload)]);
    given(files, [reserved, FileUploaded(upload)])
      .when(uploadFile(upload))
      .refused('FileUploaded');
  });
  test('that nobody reserved, or that is deleted, takes no upload', () => {
    given(files).when(uploadFile(upload)).refused('NotFound');
    given(files, [reserved, FileDeleted({ fileId })])
      .when(uploadFile(upload))
      .refused('NotFound');
  });
  test('is deleted once', () => {
    given(files, [reserved])
      .when(deleteFile({ fileId }))
      .then([FileDeleted({ fileId })]);
    given(files, [reserved, FileDeleted({ fileId })])
      .when(deleteFile({ fileId }))
      .then([]);
  });
});

describe('an anonymous person', () => {
  const [anonymous, by, other] = ['person_anon_1', 'person_ada', 'person_bob'] as PersonId[] as [PersonId, PersonId, PersonId];
  test('is claimed once', () =>
    given(persons, [AnonymousClaimed({ anonymous, by })])
      .when(claimAnonymous({ anonymous, by }))
      .then([]));
  test('is not claimed by another', () =>
    given(persons, [AnonymousClaimed({ anonymous, by })])
      .when(claimAnonymous({ anonymous, by: other }))
      .refused('AlreadyClaimed'));
  test('is no person with a name', () =>
    given(persons)
      .when(claimAnonymous({ anonymous: other, by }))
      .refused('NotFound'));
});

describe('a parked event', () => {
  const cause = (id: string, stream = 'a-1') => ({ reaction: 'reply', eventId: id, eventType: 'T', stream, revision: '0' });
  const parked = (id: string, stream?: string) => ReactionParked({ ...cause(id, stream), attempts: 1, reason: 'no' });
  test('is parked once', () =>
    given(reactions, [parked('e1')])
      .when(parkReaction({ ...cause('e1'), attempts: 1, reason: 'no' }))
      .then([]));
  test('behind nothing is not parked', () =>
    given(reactions, [parked('e1', 'b-1')])
      .when(parkReaction({ ...cause('e2'), attempts: 0, reason: 'behind' }))
      .refused('Superseded'));
  test('is unparked with those of its stream, in their order', () =>
    given(reactions, [parked('e1'), parked('f1', 'b-1'), parked('e2')])
      .when(unparkReaction({ reaction: 'reply', eventId: 'e2' }))
      .then([ReactionUnparked(cause('e1')), ReactionUnparked(cause('e2'))]));
  test('that there is not cannot be unparked', () =>
    given(reactions)
      .when(unparkReaction({ reaction: 'reply', eventId: 'e1' }))
      .refused('NotFound'));
  test('is skipped with the reason', () =>
    given(reactions)
      .when(skipReaction({ ...cause('e1'), attempts: 2, reason: 'never' }))
      .then([ReactionSkipped({ ...cause('e1'), attempts: 2, reason: 'never' })]));
});

describe('the call for a title', () => {
  const call = { conversationId: 'thread_1' as ConversationId, model: 'demo/demo' };
  const begun = TitleCallStarted({ ...call, attempt: 1 });
  const ended = TitleCallEnded({ ...call, titled: true });
  test('is counted anew after a crash', () =>
    given(titles, [begun])
      .when(startTitleCall(call))
      .then([TitleCallStarted({ ...call, attempt: 2 })]));
  test('is not made again once it has ended', () => {
    given(titles, [begun, ended]).when(startTitleCall(call)).refused('Superseded');
    given(titles, [begun, ended])
      .when(endTitleCall({ ...call, titled: false }))
      .refused('Superseded');
  });
});
