# CMakeLists.txt is the build. This file lets node-gyp and the tools on top of it run that build.
{
  "targets": [
    {
      "target_name": "argsearch",
      "type": "none",
      "actions": [
        {
          "action_name": "cmake",
          "inputs": [
            "CMakeLists.txt",
            "<!@(node -p \"require('fs').readdirSync('native',{recursive:true}).filter(f=>/[.](cc|h)$/.test(f)).map(f=>'native/'+f).join(' ')\")"
          ],
          "outputs": ["<(PRODUCT_DIR)/argsearch.node"],
          "action": ["node", "scripts/build-native.mjs", "<(PRODUCT_DIR)/argsearch.node"]
        }
      ]
    }
  ]
}
