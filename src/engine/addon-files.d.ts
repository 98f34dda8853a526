/** The addon's files, whose face src/engine/binding.ts describes. */
declare module "argsearch/prebuilds/*.node" {
  const addon: unknown;
  export default addon;
}
