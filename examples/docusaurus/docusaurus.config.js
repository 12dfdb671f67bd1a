// The address of the lab, and the only place that has it.
const LAB = 'https://lab.invalid/';

export default {
  title: 'Small language models',
  url: 'https://course.invalid',
  baseUrl: '/',
  scripts: [{ src: `${LAB}embed.js`, async: true }],
  themeConfig: { navbar: { title: 'Small language models' } },
  presets: [
    ['classic', { docs: { routeBasePath: '/' }, blog: false, theme: { customCss: './lesson.css' } }],
  ],
};
