// The directive {lab}: an experiment in a frame. Its argument is what stands behind "embed/?" in the frame's address.

/** The address of the lab, and the only place that has it. */
const LAB = 'https://lab.invalid/';

const lab = {
  name: 'lab',
  doc: 'An experiment in a frame.',
  arg: { type: String, required: true, doc: 'What stands behind "embed/?" in its address.' },
  run: ({ arg }) => [{ type: 'iframe', src: `${LAB}embed/?${arg}`, width: '100%' }],
};

export default { name: 'lab', directives: [lab] };
