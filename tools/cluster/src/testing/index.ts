export { type Answer, ask, itemsOf, startPatientClients, untilFinal } from './client.ts';
export { follow, WIRES } from './live.ts';
export { meanwhile } from './meanwhile.ts';
export {
  bearing,
  type Door,
  login,
  me,
  newAccount,
  type Person,
  post,
  refresh,
  register,
  signIn,
  tokensIn,
  untilRefused,
} from './people.ts';
export { availableIn, placeOrder, putOnSale, setStock, type Shopper, shopper, stateOf, untilState } from './shop.ts';
export { askEveryReplica } from './every-replica.ts';
export { readyReplicas, type Subject, tell, untilWhole } from './subject.ts';
export { describeChanges } from './suite/changes.ts';
export { describeClients } from './suite/index.ts';
