/** Downloads in a process of its own, which is killed in the middle of it. */
import { localModel } from "../../src/hub/local-model.ts";

await localModel("policy", process.argv[2]);
