import { api, take, type Schema } from './api/client';
import { Problem } from './api/problem';
import { organizationsOf } from './organizations';
import { repositoryAddress } from './addresses';
import { m } from '$messages';

export type Webhook = Schema<'HfWebhookView'>;
export type Delivery = Schema<'WebhookDeliveryView'>;
type Watched = Schema<'HfWatchedItem'>;

/** Deliveries of a page. */
export const DELIVERY_LIMIT = 20;
const LIMIT = 100;
const WAIT_MILLISECONDS = 400;
const WAITS = 25;

/** What a form says of a webhook. */
export interface WebhookValues {
	url: string;
	/** As `owner/name`, `datasets/owner/name`, `spaces/owner/name`, or the name of an account. */
	watched: string[];
	domains: Schema<'HfHookDomain'>[];
	secret: string;
}

export function listWebhooks(signal?: AbortSignal): Promise<Webhook[]> {
	return take(api.GET('/api/settings/webhooks', { signal }));
}

/** Makes a webhook, or changes the one of this id. */
export async function saveWebhook(values: WebhookValues, id?: string): Promise<Webhook> {
	const watched = await Promise.all(values.watched.map(watchedItem));
	const body = { ...values, watched };
	const saved =
		id === undefined
			? api.POST('/api/settings/webhooks', { body })
			: api.POST('/api/settings/webhooks/{webhook_id}', { params: of(id), body });
	return (await take(saved)).webhook;
}

export async function switchWebhook({ id, disabled }: Webhook): Promise<void> {
	const params = of(id);
	await take(
		disabled
			? api.POST('/api/settings/webhooks/{webhook_id}/enable', { params })
			: api.POST('/api/settings/webhooks/{webhook_id}/disable', { params })
	);
}

export async function deleteWebhook(id: string): Promise<void> {
	await take(api.DELETE('/api/settings/webhooks/{webhook_id}', { params: of(id) }));
}

export async function pingWebhook(id: string): Promise<void> {
	await take(api.POST('/api/v1/webhooks/{webhook_id}/ping', { params: of(id) }));
}

/** The latest deliveries, the newest first. */
export function deliveriesOf(id: string, page: number, signal?: AbortSignal) {
	const params = { ...of(id), query: { page, limit: DELIVERY_LIMIT } };
	return take(api.GET('/api/v1/webhooks/{webhook_id}/deliveries', { params, signal }));
}

/** One delivery, with what was sent. */
export function showDelivery(id: string, number: number, signal?: AbortSignal) {
	const params = { path: { webhook_id: id, number } };
	return take(api.GET('/api/v1/webhooks/{webhook_id}/deliveries/{number}', { params, signal }));
}

export async function redeliver(id: string, number: number): Promise<void> {
	const params = { path: { webhook_id: id, number } };
	await take(api.POST('/api/v1/webhooks/{webhook_id}/deliveries/{number}/redeliver', { params }));
}

/** Waits until something newer than this delivery was sent, for a while. */
export async function newerThan(id: string, number: number): Promise<Delivery | undefined> {
	for (let waits = 0; waits < WAITS; waits += 1) {
		const newest = (await deliveriesOf(id, 1)).items[0];
		if (newest !== undefined && newest.number > number) return newest;
		await new Promise((resolve) => setTimeout(resolve, WAIT_MILLISECONDS));
	}
	return undefined;
}

/** What a form calls something that is watched. */
export function watchedName({ type, name }: Watched): string {
	if (type === 'dataset') return `datasets/${name}`;
	return type === 'space' ? `spaces/${name}` : name;
}

/** The address of something that is watched, as it was called when it was chosen. */
export function watchedAddress(item: Watched): string {
	return `/${watchedName(item).split('/').map(encodeURIComponent).join('/')}`;
}

/** What can be watched: the own repositories, the own account and the own organizations. */
export async function watchable(username: string, signal: AbortSignal): Promise<string[]> {
	const params = { path: { username }, query: { limit: LIMIT } };
	const [repositories, organizations] = await Promise.all([
		take(api.GET('/api/users/{username}/repositories', { params, signal })),
		organizationsOf(username, signal)
	]);
	const names = repositories.items.map((one) => repositoryAddress(one).slice(1));
	return [username, ...organizations.map((one) => one.account.username), ...names];
}

/** What happened, in the reader's language. */
export function eventName(event: string): string {
	const names: Record<string, () => string> = {
		'ping webhook': m.webhooks_event_ping,
		'create repo': m.webhooks_event_create_repo,
		'move repo': m.webhooks_event_move_repo,
		'delete repo': m.webhooks_event_delete_repo,
		'update repo.content': m.webhooks_event_content,
		'update repo.config': m.webhooks_event_config,
		'create discussion': m.webhooks_event_create_discussion,
		'update discussion': m.webhooks_event_update_discussion,
		'create discussion.comment': m.webhooks_event_create_comment,
		'update discussion.comment': m.webhooks_event_update_comment
	};
	return names[event]?.() ?? event;
}

/** How a delivery went, in two words. */
export function outcomeOf({ error, status }: Delivery): string {
	if (!error) return m.webhooks_arrived();
	return status ? m.webhooks_refused({ status: String(status) }) : m.webhooks_unreached();
}

/** A secret that nobody guesses. */
export function makeSecret(): string {
	const bytes = crypto.getRandomValues(new Uint8Array(24));
	return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function of(webhook_id: string) {
	return { path: { webhook_id } };
}

async function watchedItem(text: string): Promise<Watched> {
	const parts = text.trim().replace(/^\//, '').split('/');
	const [first, ...rest] = parts;
	if (parts.length === 3 && first === 'datasets') return { type: 'dataset', name: rest.join('/') };
	if (parts.length === 3 && first === 'spaces') return { type: 'space', name: rest.join('/') };
	if (parts.length > 1) return { type: 'model', name: parts.join('/') };
	return { type: await accountType(text.trim()), name: text.trim() };
}

/** Whether an account is a user or an organization; of one that is missing the hub says so when it is to be watched. */
async function accountType(username: string): Promise<'user' | 'org'> {
	try {
		const account = await take(api.GET('/api/users/{username}', { params: { path: { username } } }));
		return account.kind === 'organization' ? 'org' : 'user';
	} catch (thrown) {
		if (Problem.of(thrown).status === 404) return 'user';
		throw thrown;
	}
}
