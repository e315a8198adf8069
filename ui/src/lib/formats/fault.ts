/** Why a file cannot be read as what its name says. */
export type Reason =
	| 'not_this_format'
	| 'truncated'
	| 'header_too_large'
	| 'header_broken'
	| 'json_broken'
	| 'offsets_broken'
	| 'too_large'
	| 'locked'
	| 'unreadable';

/** A file that is broken, or not what its name says. Not a failure of the hub. */
export class Fault extends Error {
	constructor(readonly reason: Reason) {
		super(reason);
		this.name = 'Fault';
	}
}
