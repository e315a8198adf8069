import { api, take, type Schema } from './api/client';
import { m } from '$messages';

export type Membership = Schema<'MembershipView'>;

const LIMIT = 100;
const MAKERS = ['contributor', 'write', 'admin'];

/** The organizations of an account with its role in each; nobody belongs to more than a page holds. */
export async function organizationsOf(username: string, signal: AbortSignal): Promise<Membership[]> {
	const params = { path: { username }, query: { limit: LIMIT } };
	return (await take(api.GET('/api/v1/users/{username}/organizations', { params, signal }))).items;
}

/** The names of the organizations among these in which one may make repositories. */
export function namespacesOf(memberships: Membership[]): string[] {
	return memberships.filter((one) => MAKERS.includes(one.role)).map((one) => one.account.username);
}

/** The names of the organizations among these in which one may change what others made. */
export function writableOf(memberships: Membership[]): string[] {
	return memberships
		.filter((one) => one.role === 'write' || one.role === 'admin')
		.map((one) => one.account.username);
}

/** The first members of an organization, and how many there are. */
export async function membersOf(organization: string, signal: AbortSignal) {
	const params = { path: { organization }, query: { limit: LIMIT } };
	const page = await take(api.GET('/api/v1/organizations/{organization}/members', { params, signal }));
	const items = page.items.map(({ account, role, since }) => ({
		user_id: account.id,
		username: account.username,
		full_name: account.full_name ?? null,
		avatar_url: account.avatar_url ?? null,
		role,
		since
	}));
	return { items, total: page.total };
}

/** Ends the part of a member. Throws a `Problem`. */
export async function removeMember(organization: string, member: string): Promise<void> {
	const params = { path: { organization, member } };
	const { response, error } = await api.DELETE('/api/v1/organizations/{organization}/members/{member}', {
		params
	});
	await take(Promise.resolve({ response, error, data: {} }));
}

/** The name of a role in the reader's language. */
export function roleName(role: string): string {
	const names: Record<string, () => string> = {
		read: m.organization_role_read,
		contributor: m.organization_role_contributor,
		write: m.organization_role_write,
		admin: m.organization_role_admin
	};
	return names[role]?.() ?? role;
}

/** The roles to choose from, the smallest first. */
export function roleCards() {
	return [
		{ value: 'read', label: m.organization_role_read(), text: m.organization_role_read_text() },
		{
			value: 'contributor',
			label: m.organization_role_contributor(),
			text: m.organization_role_contributor_text()
		},
		{ value: 'write', label: m.organization_role_write(), text: m.organization_role_write_text() },
		{ value: 'admin', label: m.organization_role_admin(), text: m.organization_role_admin_text() }
	];
}
