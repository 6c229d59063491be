<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis version="3.22.0" styleCategories="Symbology|Labeling|Fields|MapTips|Temporal" labelsEnabled="1" readOnly="0">
  <temporal enabled="1" mode="2" startField="begin" endField="end" startExpression="" endExpression="" durationField="" durationUnit="days" fixedDuration="0" accumulate="0" limitMode="1">
    <fixedRange>
      <start></start>
      <end></end>
    </fixedRange>
  </temporal>
  <renderer-v2 type="categorizedSymbol" attr="state" forceraster="0" enableorderby="0" symbollevels="0">
    <categories>
      {% for kind in kinds %}
      <category symbol="{{ loop.index0 }}" value="{{ kind.value }}" label="{{ kind.value }}" render="true"/>
      {% endfor %}
    </categories>
    <symbols>
      {% for kind in kinds %}
      <symbol type="fill" name="{{ loop.index0 }}" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <Option type="Map">
            <Option name="color" type="QString" value="{{ kind.colour }},255"/>
            <Option name="style" type="QString" value="no"/>
            <Option name="outline_color" type="QString" value="{{ kind.colour }},255"/>
            <Option name="outline_style" type="QString" value="solid"/>
            <Option name="outline_width" type="QString" value="0.8"/>
            <Option name="outline_width_unit" type="QString" value="MM"/>
            <Option name="joinstyle" type="QString" value="miter"/>
          </Option>
          <prop k="color" v="{{ kind.colour }},255"/>
          <prop k="style" v="no"/>
          <prop k="outline_color" v="{{ kind.colour }},255"/>
          <prop k="outline_style" v="solid"/>
          <prop k="outline_width" v="0.8"/>
          <prop k="outline_width_unit" v="MM"/>
          <prop k="joinstyle" v="miter"/>
        </layer>
      </symbol>
      {% endfor %}
    </symbols>
  </renderer-v2>
  <labeling type="simple">
    <settings calloutType="simple">
      <text-style fieldName="rank" isExpression="0" fontSize="9" fontSizeUnit="Point" textColor="0,0,0,255" namedStyle="Regular">
        <text-buffer bufferDraw="1" bufferSize="1" bufferSizeUnits="MM" bufferColor="255,255,255,255" bufferOpacity="1"/>
      </text-style>
      <placement placement="1" priority="5" centroidWhole="1" centroidInside="1"/>
      <rendering obstacle="0" displayAll="0" scaleVisibility="0"/>
    </settings>
  </labeling>
  <aliases>
    <alias field="area_ha" name="area [ha]"/>
    <alias field="growth_ha_a" name="growth [ha a year]"/>
    <alias field="overall" name="over all periods"/>
  </aliases>
  <previewExpression>"rank" || ': ' || "change_id"</previewExpression>
  <mapTip>&lt;b>[% "rank" %]: [% "change_id" %]&lt;/b>&lt;br>[% "period" %]: [% "state" %], [% round("area_ha", 1) %] ha&lt;br>over all periods: [% "overall" %]&lt;br>A reason to look closer, never a finding.</mapTip>
  <layerGeometryType>2</layerGeometryType>
</qgis>
