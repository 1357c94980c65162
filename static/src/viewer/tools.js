// Mouse tools: the left button does what was chosen, wheel scrolls, middle pans, right zooms.

import {
  Enums,
  LengthTool,
  PanTool,
  StackScrollTool,
  ToolGroupManager,
  WindowLevelTool,
  ZoomTool,
  addTool,
  annotation,
  utilities,
} from '@cornerstonejs/tools';

const { Primary, Secondary, Auxiliary, Wheel } = Enums.MouseBindings;
const ALWAYS = { [PanTool.toolName]: Auxiliary, [ZoomTool.toolName]: Secondary };

const LINE = 'rgb(255, 209, 102)';
const CHOSEN = 'rgb(255, 255, 255)';
const LENGTH_STYLE = {
  color: LINE,
  colorHighlighted: CHOSEN,
  colorSelected: CHOSEN,
  lineWidth: '1.5',
  textBoxColor: LINE,
  textBoxColorHighlighted: CHOSEN,
  textBoxColorSelected: CHOSEN,
  textBoxFontFamily: 'system-ui, sans-serif',
  textBoxBackground: 'rgba(0, 0, 0, 0.7)',
};

export class Tools {
  constructor(engine, screens) {
    for (const tool of [WindowLevelTool, StackScrollTool, PanTool, ZoomTool, LengthTool]) addTool(tool);
    const styles = annotation.config.style.getDefaultToolStyles();
    annotation.config.style.setDefaultToolStyles({ ...styles, global: { ...styles.global, ...LENGTH_STYLE } });
    this.group = ToolGroupManager.createToolGroup('reading-room');
    for (const tool of [WindowLevelTool, PanTool, ZoomTool, LengthTool, StackScrollTool]) {
      this.group.addTool(tool.toolName);
    }
    for (const screen of screens) this.group.addViewport(screen.id, engine.id);
    this.group.setToolActive(StackScrollTool.toolName, { bindings: [{ mouseButton: Wheel }] });
    this.choose(WindowLevelTool.toolName);
  }

  choose(name) {
    for (const tool of [WindowLevelTool, PanTool, ZoomTool, LengthTool]) {
      const buttons = [name === tool.toolName ? Primary : null, ALWAYS[tool.toolName] ?? null];
      const bindings = buttons.filter((mouseButton) => mouseButton !== null).map((mouseButton) => ({ mouseButton }));
      if (bindings.length) {
        this.group.setToolPassive(tool.toolName, { removeAllBindings: true });
        this.group.setToolActive(tool.toolName, { bindings });
      } else {
        this.group.setToolPassive(tool.toolName, { removeAllBindings: true });
      }
    }
    this.current = name;
  }

  // Remove the length that was drawn last on the image that the screen shows.
  removeLast(screen) {
    const drawn = annotation.state
      .getAllAnnotations()
      .filter((one) => one.metadata.toolName === LengthTool.toolName && one.metadata.referencedImageId === screen.image?.id);
    if (!drawn.length) return;
    annotation.state.removeAnnotation(drawn.at(-1).annotationUID);
    utilities.triggerAnnotationRenderForViewportIds([screen.id]);
  }
}
