interface SliderProps {
  id: string;
  label: string;
  note: string;
  value: number;
  min: number;
  max: number;
  step: number;
  digits?: number;
  onChange: (value: number) => void;
}

export function Slider({ id, label, note, value, min, max, step, digits = 0, onChange }: SliderProps) {
  return (
    <div class="setting">
      <label for={id}>{label}</label>
      <span class="value" aria-hidden="true">
        {value.toFixed(digits)}
      </span>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        aria-describedby={`${id}-note`}
        onInput={({ currentTarget }) => onChange(currentTarget.valueAsNumber)}
      />
      <p id={`${id}-note`} class="note">
        {note}
      </p>
    </div>
  );
}
