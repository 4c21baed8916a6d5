/** The fake is what the tests stand on: it has to be a Model. */
import type { Model, Session } from '../../../../web/src/types.ts';
import { fakeModel } from '../fake-model.mjs';

export const model: Model = fakeModel(['a', Promise.resolve(), new Error('b'), { text: 'c', token: 1 }]);
export const session: Promise<Session> = model.newSession();
