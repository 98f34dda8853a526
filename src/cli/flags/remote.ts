/** The flags of policies and rewards on servers. Keys come from the environment alone: a command line is seen by others. */
import { type Command, Option } from "commander";
import { ArgsearchError, type RemotePolicy, type RemoteReward, type RewardTerm } from "../../index.js";

export interface RemoteRewardFlags {
  rewardUrl?: string;
  rewardApi?: RemoteReward["api"];
  rewardModel?: string;
}

export interface RemotePolicyFlags {
  policyUrl?: string;
  policyModel?: string;
}

export function addRemotePolicyFlags(command: Command): void {
  command
    .optionsGroup("Models:")
    .option("--policy-url <url>", "policy on an OpenAI-compatible server, by blocks; its key: ARGSEARCH_POLICY_API_KEY")
    .option("--policy-model <name>", "the server's name of the policy");
}

export function addRemoteRewardFlags(command: Command): void {
  command
    .optionsGroup("Models:")
    .option("--reward-url <url>", "reward model on a server, beside those of --reward; its key: ARGSEARCH_REWARD_API_KEY")
    .addOption(new Option("--reward-api <vllm|argsearch>", "what that server speaks (default: vllm)").choices(["vllm", "argsearch"]))
    .option("--reward-model <name>", "the server's name of the reward model (default: the one that it serves)");
}

/** @throws ArgsearchError OPTION_INVALID */
export function remotePolicy(
  { policyUrl: url, policyModel: model }: RemotePolicyFlags,
  policy: string | undefined,
): RemotePolicy | undefined {
  if (url === undefined && model === undefined) return undefined;
  if (url === undefined) throw refusal("--policy-model needs the --policy-url that serves it");
  if (policy !== undefined) throw refusal("--policy and --policy-url exclude each other: give one of them");
  if (model === undefined) throw refusal("--policy-url needs --policy-model, the server's name of the policy");
  return { url, model };
}

/** The terms with the server's behind them, which has the template that is `common` to those without one. @throws ArgsearchError OPTION_INVALID */
export function withRemoteReward(terms: RewardTerm[] | undefined, flags: RemoteRewardFlags, common?: string): RewardTerm[] | undefined {
  const { rewardUrl: url, rewardApi: api = "vllm", rewardModel: model } = flags;
  if (url !== undefined) return [...(terms ?? []), { reward: { url, api, model }, chatTemplate: common }];
  if (flags.rewardApi === undefined && model === undefined) return terms;
  throw refusal("--reward-api and --reward-model need the --reward-url that they are about");
}

function refusal(message: string): ArgsearchError {
  return new ArgsearchError("OPTION_INVALID", message);
}
