import { Problem } from '$lib/api/problem';
import { describe, expect, it } from 'vitest';
import { readReply, Unreachable } from './transport';

const reply = (status: number, text: string, retryAfter?: number) => () =>
	readReply({ status, text, retryAfter });

describe('a reply to an upload', () => {
	it('is its body when the hub took it', () => {
		expect(reply(201, '{"commit_id":"c"}')()).toEqual({ commit_id: 'c' });
		expect(reply(204, '')()).toBeUndefined();
	});

	it('is a refusal when the hub says why', () => {
		expect(reply(422, '{"error":"No.","code":"invalid"}')).toThrow(Problem);
		expect(reply(507, '{"error":"Full.","code":"storage_full"}')).toThrow(Problem);
		expect(reply(500, '{"error":"Fault.","code":"internal"}')).toThrow(Problem);
	});

	it('is no refusal when the hub is away or busy: the upload waits', () => {
		expect(reply(502, '<html>')).toThrow(Unreachable);
		expect(reply(500, 'proxy error')).toThrow(Unreachable);
		expect(reply(503, '{"code":"unavailable"}')).toThrow(Unreachable);
		expect(reply(429, '{}', 7)).toThrow(expect.objectContaining({ after: 7 }));
	});
});
