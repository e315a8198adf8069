import type { Handle } from '@sveltejs/kit';
import { existsSync, readFileSync } from 'node:fs';

/** What the build made of each source file. */
type Manifest = Record<string, { file: string; imports?: string[] }>;

const MANIFEST = '.svelte-kit/output/client/.vite/manifest.json';
/** The parts of a repository's page: its frame, the card in it, and the page that tells what went wrong. */
const PARTS = /routes\/(?:.*\[name\]\/\+(?:layout|page)|\+error)\.svelte"/;

/** The modules of a repository's page that the browser would learn of only when it has run those before. */
function repositoryModules(): string[] {
	if (!existsSync(MANIFEST)) return [];
	const manifest = JSON.parse(readFileSync(MANIFEST, 'utf8')) as Manifest;
	const isPart = (name: string) => name.includes('/nodes/') && PARTS.test(readFileSync(name, 'utf8'));
	const found = new Set<string>();
	const take = (name: string) => {
		const { file, imports = [] } = manifest[name]!;
		if (found.has(file)) return;
		found.add(file);
		imports.forEach(take);
	};
	Object.keys(manifest).filter(isPart).forEach(take);
	return [...found].map((file) => `/${file}`);
}

/** Runs when the page is built, the one thing that is made on the other side than the browser's. */
export const handle: Handle = ({ event, resolve }) =>
	resolve(event, {
		transformPageChunk: ({ html }) => html.replace('%geoml.repository%', JSON.stringify(repositoryModules()))
	});
