import './no-eval.ts';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { annals } from './annals.ts';
import { App } from './app.tsx';
import { Door } from './login/door.tsx';
import { doorOf } from './login/ways.ts';
import './styles.css';

const root = document.getElementById('root');
if (!root) throw new Error('The page has no #root.');
// Whoever has to log in first does not see the app come and go.
const door = doorOf(location.pathname);
if (!door) await annals.headers().catch(() => undefined);
createRoot(root).render(<StrictMode>{door ? <Door name={door} /> : <App />}</StrictMode>);
