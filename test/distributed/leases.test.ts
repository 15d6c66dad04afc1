import { createMongoLeases } from '../../src/adapters/leases/mongodb.ts';
import { describeLeases, type OpenedLeases } from '../contract/leases.ts';
import { newTestDatabase } from './mongo-database.ts';
import { describeWith } from './servers.ts';

async function openMongo(): Promise<OpenedLeases> {
  const database = newTestDatabase();
  const [leases, others] = await Promise.all([database.connect(), database.connect()]);
  return { leases: createMongoLeases(leases), others: createMongoLeases(others), remove: database.remove };
}

describeWith(['MONGODB_URL'], 'between processes', () => describeLeases([{ name: 'in MongoDB', open: openMongo }]));
