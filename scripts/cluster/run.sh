#!/bin/bash
# bash run.sh sft|dpo|grpo|prm MODEL: one step of the training. LAUNCH says how processes are started; further flags go to the trainer.
set -euo pipefail
step=$1
model=$2
shift 2
launch=${LAUNCH:-accelerate launch --config_file accelerate.yaml}
export PYTHONPATH=.
if [ "$step" = prm ]; then
  exec $launch prm.py --config configs/prm.yaml --model_name_or_path "$model" "$@"
fi
exec $launch -m "trl.scripts.$step" --config "configs/$step.yaml" --model_name_or_path "$model" "$@"
