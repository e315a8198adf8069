import { tabTo } from './support/keyboard';
import type { Hub, Session } from './support/hub';
import { arrive, expect, settled, test } from './support/test';

/** A file in the format safetensors with one number. */
function weights(): Uint8Array {
	const header = new TextEncoder().encode('{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}');
	const file = new Uint8Array(8 + header.length + 4);
	new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
	file.set(header, 8);
	return file;
}

async function make(hub: Hub, session: Session, kind: string, name: string, files: Record<string, string | Uint8Array>) {
	const body = { name, description: '', repo_type: kind, visibility: 'public' };
	await hub.call('POST', '/api/repositories', body, session.access);
	await hub.upload(`ana/${name}`, files, session.access);
}

test('a model says how transformers and other tools load it, by keyboard alone', async ({ hub, page }) => {
	const session = await hub.account('ana');
	await make(hub, session, 'model', 'rocks', {
		'config.json': '{"architectures": ["BertForMaskedLM"], "model_type": "bert"}',
		'tokenizer_config.json': '{"mask_token": "[MASK]"}',
		'model.safetensors': weights()
	});
	// What files say is read after the commit.
	const library = async () => (await hub.call('GET', '/api/models/ana/rocks')).library_name;
	await expect.poll(library).toBe('transformers');
	await page.setViewportSize({ width: 390, height: 800 });
	await arrive(page);
	await page.goto(`${hub.address}/ana/rocks`);
	await settled(page);
	await tabTo(page, 'Use this model');
	await page.keyboard.press('Enter');
	const dialog = page.getByRole('dialog', { name: 'Use this model' });
	await expect(dialog.getByRole('tab', { name: 'transformers' })).toHaveAttribute('aria-selected', 'true');
	const shown = dialog.getByRole('tabpanel');
	await expect(shown).toContainText(`os.environ["HF_ENDPOINT"] = "${hub.address}"`);
	await expect(shown).toContainText('from transformers import AutoModelForMaskedLM, AutoTokenizer');
	await expect(shown).toContainText('AutoModelForMaskedLM.from_pretrained("ana/rocks")');
	await tabTo(page, 'transformers');
	await page.keyboard.press('ArrowRight');
	await expect(shown).toContainText('hf_hub_download("ana/rocks", "model.safetensors")');
	await page.keyboard.press('ArrowRight');
	await expect(shown).toContainText(`export HF_ENDPOINT=${hub.address}`);
	await page.keyboard.press('ArrowRight');
	await expect(shown).toContainText(`git clone ${hub.address}/ana/rocks.git`);
	await page.keyboard.press('ArrowRight');
	await expect(shown).toContainText('/api/ana/rocks/download/model.safetensors?');
	expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
	await page.keyboard.press('Escape');
	await expect(dialog).toHaveCount(0);
	await expect(page.getByRole('button', { name: 'Use this model' })).toBeFocused();
});

test('a dataset is loaded as one, and who is not let in gets no download', async ({ hub, page }) => {
	const session = await hub.account('ana');
	await make(hub, session, 'dataset', 'cores', { 'depths.csv': 'core,depth\n4,12\n' });
	await arrive(page, { locale: 'zh' });
	await page.goto(`${hub.address}/datasets/ana/cores`);
	await page.getByRole('button', { name: '使用此数据集' }).click();
	const shown = page.getByRole('tabpanel');
	await expect(shown).toContainText('load_dataset("ana/cores")');
	await page.getByRole('tab', { name: 'hf', exact: true }).click();
	await expect(shown).toContainText('hf download ana/cores depths.csv --repo-type dataset --local-dir .');
	await expect(shown).not.toContainText('HF_TOKEN');

	await hub.call('PUT', '/api/ana/cores/settings', { gating: 'manual' }, session.access);
	await page.reload();
	await expect(page.getByText('获得访问权限后即可下载内容。')).toBeVisible();
	await expect(page.getByRole('button', { name: /^下载全部/ })).toHaveCount(0);
	await page.goto(`${hub.address}/datasets/ana/cores/tree/main`);
	await expect(page.getByRole('button', { name: '下载' })).toHaveAttribute('aria-disabled', 'true');
});
