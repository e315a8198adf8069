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

/** A page of the members of an organization. */
export function membersOf(organization: string, signal: AbortSignal) {
	const params = { path: { organization }, query: { limit: LIMIT } };
	return take(api.GET('/api/v1/organizations/{organization}/members', { params, signal }));
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
