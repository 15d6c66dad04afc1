import { parentPort, workerData } from 'node:worker_threads';
import { article } from './article.ts';

parentPort?.postMessage(article(String(workerData)));
