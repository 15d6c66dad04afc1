import { openMongoBus } from '../../src/adapters/bus/mongodb.ts';
import { type BusAdapter, describeBuses } from '../contract/bus.ts';
import { newTestDatabase } from './mongo-database.ts';
import { describeWith } from './servers.ts';

/** Three processes; without change streams also where the server has them. */
const overMongo = (name: string, streams: boolean): BusAdapter => ({
  name,
  open: async () => {
    const database = newTestDatabase();
    const open = async () => {
      const connection = await database.connect();
      return openMongoBus({ ...connection, changeStreams: connection.changeStreams && streams });
    };
    const [bus, ...others] = await Promise.all([open(), open(), open()]);
    const remove = async () => {
      await Promise.all([bus, ...others].map((one) => one.close()));
      await database.remove();
    };
    return { bus, others, remove };
  },
});

describeWith(['MONGODB_URL'], 'between processes', () =>
  describeBuses([overMongo('in MongoDB', true), overMongo('in MongoDB without change streams', false)]),
);
