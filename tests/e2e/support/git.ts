import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folderOf } from './files';
import { PASSWORD, type Hub, type Session } from './hub';

/**
 * Makes the model `rain` of an account, with the branch `season/2025` that has a commit and a file of its own, and a tag
 * `v1.0`; all by git itself.
 */
export async function withBranches(hub: Hub, owner: string, session: Session, password = PASSWORD): Promise<void> {
	const made = { name: 'rain', description: '', repo_type: 'model', visibility: 'public' };
	await hub.call('POST', '/api/repositories', made, session.access);
	const files = { 'config/grid.json': '{"step": 1}\n', 'weights.bin': new Uint8Array(2_000_000) };
	await hub.upload(`${owner}/rain`, files, session.access);
	const folder = folderOf('rain', {});
	const address = hub.address.replace('//', `//${owner}:${encodeURIComponent(password)}@`);
	const git = (...words: string[]) =>
		execFileSync('git', ['-c', 'user.name=Ana', '-c', 'user.email=ana@lab.example', ...words], {
			cwd: folder,
			env: { ...process.env, GIT_TERMINAL_PROMPT: '0', GIT_LFS_SKIP_SMUDGE: '1' },
			stdio: 'pipe'
		});
	git('clone', '-q', `${address}/${owner}/rain.git`, '.');
	git('tag', 'v1.0');
	git('checkout', '-q', '-b', 'season/2025');
	writeFileSync(join(folder, 'config/grid.json'), '{"step": 2}\n');
	writeFileSync(join(folder, 'config/extra.json'), '{}\n');
	git('add', '.');
	git('commit', '-q', '-m', 'Refine the grid for the season');
	git('push', '-q', '--no-verify', 'origin', 'season/2025', 'v1.0');
}
