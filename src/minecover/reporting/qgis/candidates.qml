<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis version="3.22.0" styleCategories="Symbology|Labeling|Fields|MapTips" labelsEnabled="1" readOnly="0">
  <renderer-v2 type="categorizedSymbol" attr="if(&quot;known&quot;, 'known', 'new')" forceraster="0" enableorderby="0" symbollevels="0">
    <categories>
      {% for kind in kinds %}
      <category symbol="{{ loop.index0 }}" value="{{ kind.value }}" label="{{ kind.label }}" render="true"/>
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
    {% for field, name in aliases.items() %}
    <alias field="{{ field }}" name="{{ name }}"/>
    {% endfor %}
  </aliases>
  <previewExpression>"rank" || ': ' || "candidate_id"</previewExpression>
  <mapTip>&lt;b>[% "rank" %]: [% "candidate_id" %]&lt;/b>&lt;br>[% round("area_ha", 1) %] ha, probability up to [% round("max_probability", 2) %]&lt;br>[% if("known", 'touches a known mine', 'new') %][% if("applicable", '', ', the model extrapolates here') %][% if("at_edge", ', ground beside it was not observed', '') %]&lt;br>A reason to look closer, never a finding.</mapTip>
  <layerGeometryType>2</layerGeometryType>
</qgis>
